/** DNS on the wire, for asking name servers. */
export { decode, encode, RECURSION_DESIRED } from 'dns-packet'
