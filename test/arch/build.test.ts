import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { plainKeys } from '../../scripts/build/aws.ts'
import { strangers } from '../../scripts/build/bundle.ts'
import { ourInputs } from '../../scripts/build/chunks.ts'
import { commandId, commandTable } from '../../scripts/build/commands.ts'
import { GOT_PATCHES } from '../../scripts/build/got.ts'
import { PATCHES, applyPatch, lazyRequires, patched } from '../../scripts/build/patches.ts'
import { chunkName, packageOf } from '../../scripts/build/paths.ts'

const inModules = (file: string): string => readFileSync(new URL(`../../node_modules/${file}`, import.meta.url), 'utf8')

describe('the patches of oclif', () => {
  it.each([...new Set(PATCHES.map((patch) => patch.file))])('fit %s', (file) => {
    expect(patched(file, inModules(file))).not.toBe(inModules(file))
  })

  it.each(PATCHES)('stop the build when $file has changed', ({ file, from }) => {
    const changed = inModules(file).replaceAll(from, '/* another release */')
    expect(() => patched(file, changed)).toThrow(/fits no longer/)
  })

  it.each(GOT_PATCHES)('fit $file of got, and stop the build when it has changed', (patch) => {
    const text = inModules(patch.file)
    expect(applyPatch(text, patch)).toContain(patch.to)
    expect(() => applyPatch(text.replaceAll(patch.from, '/* another release */'), patch)).toThrow(/fits no longer/)
  })

  it('give the schemas of EC2 plain keys', () => {
    const keys = (text: string): readonly string[] => text.match(/\[_\w+\]:/g) ?? []
    const text = inModules('@aws-sdk/client-ec2/dist-es/schemas/schemas_0.js')
    expect(keys(text).length).toBeGreaterThan(1000)
    expect(keys(plainKeys(text)).length).toBe(0)
    const small = 'const _a = "x";\nexport const s = [{ [_a]: 1, [_b]: 2 }, _a];'
    expect(plainKeys(small)).toBe('const _a = "x";\nexport const s = [{ "x": 1, [_b]: 2 }, _a];')
  })

  it('make imports when they are first used', () => {
    const text = [
      'const a_1 = require("./a");',
      'const b_1 = __importDefault(require("b"));',
      'exports.x = () => (0, a_1.f)(new b_1.default());',
    ].join('\n')
    const calls: string[] = []
    const run = new Function('require', '__importDefault', 'exports', `${lazyRequires(text)}\nreturn exports`)
    const modules: Record<string, unknown> = { './a': { f: (b: object) => b.constructor.name }, b: class Bee {} }
    const load = (name: string): unknown => (calls.push(name), modules[name])
    const { x } = run(load, (value: unknown) => ({ default: value }), {})
    expect(calls).toEqual([])
    expect([x(), x()]).toEqual(['Bee', 'Bee'])
    expect(calls).toEqual(['./a', 'b'])
  })
})

describe('the command table', () => {
  it.each([
    ['lb/mirror.ts', 'lb:mirror'],
    ['doctor.ts', 'doctor'],
    ['run/index.ts', 'run'],
  ])('%s is %s', (file, id) => {
    expect(commandId(file)).toBe(id)
  })

  it.each(['lb/Mirror.ts', 'lb/mirror.tsx', 'README.md'])('%s is no command', (file) => {
    expect(() => commandId(file)).toThrow(/a command is a lower-case .ts file/)
  })

  it('loads one command only when it is asked for', () => {
    const text = commandTable(
      new Map([
        ['a', 'load("a")'],
        ['b', 'load("b")'],
      ]),
    ).replace('export const', 'const')
    const loaded: string[] = []
    const { COMMANDS } = new Function('load', `${text}; return { COMMANDS }`)(
      (name: string) => (loaded.push(name), name),
    )
    expect(Object.keys(COMMANDS)).toEqual(['a', 'b'])
    expect(COMMANDS.b).toBe('b')
    expect(loaded).toEqual(['b'])
  })
})

describe('nothing is bundled twice or unseen', () => {
  const input = (...imports: { path: string; external?: boolean }[]) => ({
    bytes: 1,
    imports: imports.map((each) => ({ kind: 'import-statement' as const, ...each })),
  })

  it('third-party code that our code brings into the bundle is named', () => {
    const inputs = {
      'src/lib/a.ts': input(
        { path: 'node_modules/lodash/a.js' },
        { path: 'node_modules/zod/mini.js' },
        { path: './x.cjs', external: true },
      ),
      'node_modules/zod/mini.js': input({ path: 'node_modules/deep/a.js' }),
    }
    expect(strangers({ inputs, outputs: {} }, new Set(['zod']))).toEqual(['lodash (imported by src/lib/a.ts)'])
  })

  it('our own code in a third-party chunk is named', () => {
    const inputs = {
      'src/lib/a/x.sdk.ts': input(),
      'src/lib/core/plan.ts': input(),
      'node_modules/got/index.js': input(),
    }
    expect(ourInputs({ inputs, outputs: {} })).toEqual(['src/lib/core/plan.ts'])
  })

  it('packages and chunks have the names that are expected', () => {
    expect(packageOf('../x/node_modules/@aws-sdk/client-sts/dist/a.js')).toBe('@aws-sdk/client-sts')
    expect(packageOf('src/lib/core/plan.ts')).toBe(null)
    expect(chunkName('/r/src/lib/adapters/aws/elbv2.sdk.ts')).toBe('aws-elbv2')
  })
})
