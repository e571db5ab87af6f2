import { defineConfig } from 'vitest/config'

/** One lane is one project: `vitest run --project unit`. */
const lane = (name: string, options: { timeoutMs: number; globalSetup?: string | string[]; serial?: boolean }) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.{ts,tsx}`],
    testTimeout: options.timeoutMs,
    hookTimeout: options.timeoutMs,
    ...(options.globalSetup === undefined ? {} : { globalSetup: options.globalSetup }),
    ...(options.serial === true ? { fileParallelism: false } : {}),
  },
})

const BUILD = 'test/support/build-dist.ts'

export default defineConfig({
  test: {
    sequence: { shuffle: true },
    // By default one core is kept free: of two that would be half.
    maxWorkers: '100%',
    // @oclif/test captures output itself.
    disableConsoleIntercept: true,
    // A test that cannot fail, or that was left out, is worse than none.
    allowOnly: false,
    expect: { requireAssertions: true },
    env: { NO_COLOR: '1' },
    projects: [
      lane('unit', { timeoutMs: 10_000 }),
      lane('contract', { timeoutMs: 30_000 }),
      lane('lifecycle', { timeoutMs: 60_000 }),
      lane('cli', { timeoutMs: 30_000, globalSetup: BUILD }),
      lane('e2e', { timeoutMs: 60_000, globalSetup: BUILD }),
      lane('arch', { timeoutMs: 60_000, globalSetup: BUILD }),
      lane('real', { timeoutMs: 300_000, globalSetup: [BUILD, 'test/real/setup.ts'], serial: true }),
    ],
  },
})
