import { closeSync, constants, openSync } from 'node:fs'
import { dirname } from 'node:path'
import * as z from 'zod/mini'
import { EXIT, type NyahError, nyahError } from '../../core/errors.ts'
import { fingerprint } from '../../core/hash.ts'
import type { JsonObject } from '../../core/json.ts'
import { ownDirectory, readCapped, replaceFile, systemCode } from './files.ts'

/** 16 MiB: a card of ten thousand names is less. */
const LONGEST_CARD = 16 * 1024 * 1024

/** What a file says that should be a card; `data` was sealed by nyah, and has no shape yet. */
export type CardFile =
  | { readonly state: 'absent' }
  /** Corrupt, unreadable, or of a newer nyah: why, in words. */
  | { readonly state: 'unusable'; readonly why: string }
  | { readonly state: 'sealed'; readonly data: JsonObject }

/**
 * Writes `{nyahCard: 1, sha256, card}`, 0600; whole or not at all. Throws CARD_UNWRITABLE (exit 3).
 *
 * @param own it stands in nyah's own directory, which is made where there is none
 */
export function writeCard(path: string, card: JsonObject, own: boolean): void {
  try {
    if (own) ownDirectory(dirname(path))
    replaceFile(path, `${JSON.stringify({ nyahCard: 1, sha256: fingerprint(card), card }, null, 1)}\n`)
  } catch (error) {
    throw cardUnwritable(path, error)
  }
}

const cardUnwritable = (path: string, error: unknown): NyahError =>
  nyahError({
    code: 'CARD_UNWRITABLE',
    message: `cannot write the card ${path}: ${error instanceof Error ? error.message : String(error)}`,
    exit: EXIT.configuration,
    tries: ['name a file in a directory that you may write to: --card FILE'],
  })

/** It comes out of JSON.parse, so what is in the card is JSON: `z.json()` would walk through all of it once more. */
const fileShape = z.object({
  nyahCard: z.number(),
  sha256: z.string(),
  card: z.custom<JsonObject>((card) => typeof card === 'object' && card !== null && !Array.isArray(card)),
})

/** Never throws: a failover goes on without a card, and says why. */
export function readCard(path: string): CardFile {
  let text: string | null
  try {
    // Not to hang on a pipe that nobody writes to.
    const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      text = readCapped(fd, LONGEST_CARD)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { state: 'absent' }
    return { state: 'unusable', why: error instanceof Error ? error.message : String(error) }
  }
  if (text === null) return { state: 'unusable', why: `it is longer than ${LONGEST_CARD} bytes, or no regular file` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { state: 'unusable', why: 'it is no JSON: cut off, or no card' }
  }
  const file = fileShape.safeParse(value)
  if (!file.success) return { state: 'unusable', why: 'it is no card' }
  const { nyahCard, sha256, card } = file.data
  if (nyahCard !== 1) return { state: 'unusable', why: `it is of another nyah (version ${nyahCard}; this one knows 1)` }
  if (fingerprint(card) !== sha256)
    return { state: 'unusable', why: 'it was changed after it was written: its SHA-256 does not fit' }
  return { state: 'sealed', data: card }
}
