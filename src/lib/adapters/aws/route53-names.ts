/** Route 53 writes `*` and others as `\052`, and names with their trailing dot. */
export const plainName = (name: string): string =>
  name
    .replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)))
    .replace(/\.$/, '')
    .toLowerCase()

/** What is no letter, digit, `-`, `_`, `*` or `.` travels as an octal escape, as Route 53 shows it. */
export const wireName = (name: string): string =>
  `${name.replace(/[^a-z0-9._*-]/g, (character) => `\\${(character.codePointAt(0) ?? 0).toString(8).padStart(3, '0')}`)}.`

/**
 * As IAM's conditions see it: without the trailing dot, `*` as an escape too.
 *
 * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
 */
export const conditionName = (name: string): string =>
  wireName(name)
    .slice(0, -1)
    .replaceAll('*', String.raw`\052`)
