/**
 * The one border that remote text (names, tags, messages) crosses on its way to people. What could move a cursor,
 * hide text, reverse it, or pass for something else becomes a visible escape: `\u{202e}`. Letters of any language
 * stay as they are. JSON does not pass here: it is lossless.
 */

const PLAIN = /^[\x20-\x7e]*$/

/**
 * Control, format, invisible, private, unassigned; every space but U+0020 and the ideographic U+3000; the braille
 * blank, which looks like a space.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{DI}\u2800]|(?![ \u3000])\p{Zs}/gu

/** A letter carries a few marks in living scripts; a longer stack climbs into the neighbouring lines. */
const STACKED = /(?<=\p{M}{4})\p{M}/gu

/** A mark at the start would sit on whatever nyah printed before it. */
const LEADING_MARK = /^\p{M}/u

const visible = (character: string): string => {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** For a terminal or a log: one line, whatever was in it. */
export const escapeText = (text: string): string =>
  PLAIN.test(text) ? text : text.replace(UNSAFE, visible).replace(STACKED, visible).replace(LEADING_MARK, visible)

/** As `escapeText`, and no longer than `limit` characters; what was cut is said. */
export function escapeLong(text: string, limit: number): string {
  if (text.length <= limit) return escapeText(text)
  // A cut through a surrogate pair leaves a lone half, which the escape makes visible.
  return `${escapeText(text.slice(0, limit))}… (${text.length - limit} more characters)`
}

/**
 * Words that mean nothing to markdown, to a mention, or to a link: letters, digits and plain punctuation. What has a
 * hyphen before a digit (`OPS-7`) or seven hexadecimal digits in a row would be linked by forges.
 */
const PROSE = /^[("']?[\p{L}\p{M}\p{N}]+(?:[.,:;%'/-][\p{L}\p{M}\p{N}]+)*[.,:;%)'"?!]*$/u
const PUNCTUATION = /^[%.,;:()]+$/
const LINKED = /[0-9a-f]{7}|-\d|^www\.|:\/\/|\//iu

/** In markdown: a code span, in which nothing is a link, a mention, HTML or emphasis. */
export function markdownCode(text: string): string {
  const safe = escapeText(text)
  const longest = Math.max(0, ...(safe.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = safe === '' || /^[` ]|[` ]$/.test(safe) ? ' ' : ''
  return `${fence}${pad}${safe}${pad}${fence}`
}

const isProse = (word: string): boolean =>
  word === '' || PUNCTUATION.test(word) || (PROSE.test(word) && !LINKED.test(word))

/** In running markdown text: plain words stay words, every other word becomes a code span. */
export const markdownText = (text: string): string =>
  escapeText(text)
    .split(' ')
    .map((word) => (isProse(word) ? word : markdownCode(word)))
    .join(' ')

/** In a cell of a markdown table: also the bars, which end a cell even inside a code span. */
export const markdownCell = (markdown: string): string => markdown.replaceAll('|', '\\|')

/** A fenced block no line of `lines` can end. The lines are escaped already. */
export function markdownFence(language: string, lines: readonly string[]): readonly string[] {
  const longest = Math.max(2, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)))
  const fence = '`'.repeat(longest + 1)
  return [`${fence}${language}`, ...lines, fence]
}
