import { readFile } from 'node:fs/promises'
import type { Plugin } from 'esbuild'
import { BuildError } from './paths.ts'

const SCHEMAS = /[/\\]client-ec2[/\\]dist-es[/\\]schemas[/\\]schemas_\d+\.js$/
const CONSTANT = /^const (_\w+) = ("[^"\n]*");$/gm

/**
 * A schema's keys as what they stand for: `[_eQN]:` becomes `"ec2QueryName":`. A computed key may have effects, so
 * esbuild keeps the schemas of all 800 calls of EC2; with plain keys those nyah never sends drop out.
 */
export function plainKeys(text: string): string {
  const constants = new Map([...text.matchAll(CONSTANT)].map(([, name = '', value = '']) => [name, value]))
  return text.replaceAll(/\[(_\w+)\]:/g, (all, name: string) => {
    const value = constants.get(name)
    return value === undefined ? all : `${value}:`
  })
}

/** Half of the EC2 client's cost at start is schemas that nothing uses. Throws BuildError when it no longer helps. */
export const awsPatches: Plugin = {
  name: 'aws-patches',
  setup(context) {
    let keys = 0
    context.onLoad({ filter: SCHEMAS }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const contents = plainKeys(text)
      keys += (text.match(/\[_\w+\]:/g)?.length ?? 0) - (contents.match(/\[_\w+\]:/g)?.length ?? 0)
      return { contents, loader: 'js' }
    })
    context.onEnd(() => {
      if (keys < 1000)
        throw new BuildError(`only ${keys} keys of EC2's schemas are constants: look at client-ec2 again`)
    })
  },
}
