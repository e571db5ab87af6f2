import { createHash } from 'node:crypto'

const digest = (seed: string): string => createHash('sha256').update(seed).digest('hex')

/** A version 4 UUID that is always the same for the same seed. */
export function uuidOf(seed: string): string {
  const h = digest(seed)
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20, 32)}`
}

/** 32 hexadecimal digits, as Keystone's ids are. */
export const hexOf = (seed: string): string => digest(seed).slice(0, 32)

/** Opaque and URL-safe, `length` ≤ 86. */
export const opaqueOf = (seed: string, length: number): string =>
  createHash('sha512').update(seed).digest('base64url').slice(0, length)

/** UTC without a zone, whole seconds: how Octavia writes times. */
export const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19)
