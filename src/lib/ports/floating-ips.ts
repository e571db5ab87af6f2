/** Floating IPs of Neutron: the public face of a VIP in a private network. */
export interface FloatingIps {
  /** The floating IP of the port that has this fixed address; null: it has none. Throws NEUTRON_ABSENT when the catalogue has no network service. */
  of(port: { readonly portId: string | null; readonly address: string }, signal?: AbortSignal): Promise<string | null>
}
