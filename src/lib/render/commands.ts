/** Commands that stand in advice: they are pasted, so nothing breaks them, and markdown shows them (and only them) as code. */

/** What begins a command, and the words that are always part of it. */
const HEAD =
  'nyah (?:(?:lb|dns|failover|prod|tenant|cluster|plan|run|sandbox|config|controller) [a-z][a-z-]*|doctor|init|status|watch)' +
  '|openstack (?:[a-z]+ ){1,2}?(?:list|show|set|issue|failover|create|delete)' +
  '|aws [a-z][a-z0-9-]* [a-z]+-[a-z0-9-]+' +
  '|(?:kubectl|npx|sudo) [a-z][a-z0-9-]*'

const QUOTED = `"[^"]*"|'[^']*'`

/** Flags whose value is an ordinary word. */
const NAMING = '--(?:context|config|network|cloud|profile|region|name|tag|weights|service-code)'

/** A word that prose does not have: an id, a placeholder, a path. */
const WORD = '(?=[^\\s,;)]*[A-Z0-9./:=_<])(?:[^\\s,;)"\']|,(?=\\S))*[^\\s,;)"\'.:]'

const COMMAND = new RegExp(
  `\\b(?:${HEAD})(?![\\w-])(?: (?:${NAMING} (?:${QUOTED}|[^\\s,;)]+)|--?[a-z][\\w-]*(?:=[^\\s,;)]+)?|${QUOTED}|${WORD}))*`,
  'g',
)

/** What begins as a command and has none of prose's punctuation is one as a whole, with whatever name stands in it. */
const WHOLE = new RegExp(`^(?:${HEAD})(?![\\w-])(?!.*[;:,)] )`)

export interface Part {
  readonly command: boolean
  readonly text: string
}

/** `Wait, then: nyah lb sync UUID` → the prose, and the command. Nothing is lost. */
export function partsOf(text: string): readonly Part[] {
  if (WHOLE.test(text)) return [{ command: true, text }]
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(COMMAND)) {
    if (match.index > end) parts.push({ command: false, text: text.slice(end, match.index) })
    parts.push({ command: true, text: match[0] })
    end = match.index + match[0].length
  }
  if (end < text.length) parts.push({ command: false, text: text.slice(end) })
  return parts
}
