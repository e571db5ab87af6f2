/** What the build puts in: the command table, made of src/commands, and package.json. */
declare module 'nyah:commands' {
  export const COMMANDS: Readonly<Record<string, unknown>>
}

declare const __NYAH_PACKAGE__: import('@oclif/core/interfaces').PJSON
