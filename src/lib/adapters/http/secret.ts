/**
 * A password or token that cannot be printed by accident: `inspect`, `JSON.stringify` and spreading show no value,
 * because it lives in a closure only.
 */
export interface Secret {
  /** Only for the wire. */
  reveal(): string
}

export const secret = (value: string): Secret => ({ reveal: () => value })

/** Shorter ones would blot out ordinary words. */
const SHORTEST = 4

/** `text` without any of the secrets: a remote may echo what it was sent. */
export function redact(text: string, secrets: readonly Secret[]): string {
  let clean = text
  for (const one of secrets) {
    const value = one.reveal()
    if (value.length < SHORTEST) continue
    for (const form of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]) {
      clean = clean.replaceAll(form, '[redacted]')
    }
  }
  return clean
}
