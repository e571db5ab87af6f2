/** Sections of an AWS shared file: `{ 'profile x': { region: 'eu-central-1' } }`. */
export type IniFile = Readonly<Record<string, Readonly<Record<string, string>>>>

/**
 * The little of the AWS shared file format that settings need: sections, `key = value`, comments. Indented lines are
 * nested values (`s3 =` blocks) and are left out.
 */
export function parseIni(text: string): IniFile {
  const sections: Record<string, Record<string, string>> = {}
  let current: Record<string, string> | null = null
  for (const line of text.split(/\r?\n/)) {
    const section = /^\[\s*([^\]]+?)\s*\]/.exec(line)?.[1]
    if (section !== undefined) {
      current = sections[section.replace(/\s+/g, ' ')] ??= {}
      continue
    }
    const pair = /^([^\s#;=][^=]*?)\s*=\s*(.*)$/.exec(line)
    if (current !== null && pair !== null)
      current[pair[1] as string] = (pair[2] as string).replace(/\s+[#;].*$/, '').trim()
  }
  return sections
}

/** A profile's settings: `[profile x]` of the config file (`[default]` without the word), over `[x]` of the credentials file. */
export const profileSettings = (
  name: string,
  config: IniFile,
  credentials: IniFile,
): Readonly<Record<string, string>> => ({
  ...credentials[name],
  ...(name === 'default' ? config['default'] : undefined),
  ...config[`profile ${name}`],
})
