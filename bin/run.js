#!/usr/bin/env node
// Parses on Node 20 too, so that a Node that is too old can be told apart. No import: of a builtin it costs 15 % of a
// bare start (and of a newer name it would fail before any message). No top-level await: it would end
// `nyah --help | head` with exit 13.

/** `engines` of package.json: ^22.19 || >=24.11 (a test compares them). */
function supported(version) {
  const [major, minor] = version.split('.').map(Number)
  return (major === 22 && minor >= 19) || (major === 24 && minor >= 11) || major > 24
}

const builtin = (name) => process.getBuiltinModule(`node:${name}`)

/** `$XDG_CACHE_HOME/nyah/compile`, else `~/.cache/nyah/compile`; null where there is no usable home. */
function cacheDirectory(path) {
  const xdg = process.env.XDG_CACHE_HOME
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, 'nyah', 'compile')
  const home = process.env.HOME || builtin('os').homedir()
  return path.isAbsolute(home) ? path.join(home, '.cache', 'nyah', 'compile') : null
}

/**
 * Makes the directory, 0700, level by level: `recursive` never returns for a path like /proc/nope (and neither does
 * enableCompileCache). What it holds is run as code, so a directory of somebody else, or one that others can write
 * to, is left alone. False: there is no cache.
 */
function ensurePrivate(directory, fs, path) {
  const missing = []
  let level = directory
  let stat = fs.statSync(level, { throwIfNoEntry: false })
  while (stat === undefined && missing.length < 8 && path.dirname(level) !== level) {
    missing.push(level)
    level = path.dirname(level)
    stat = fs.statSync(level, { throwIfNoEntry: false })
  }
  if (stat === undefined || !stat.isDirectory()) return false
  for (const name of missing.reverse()) {
    try {
      fs.mkdirSync(name, { mode: 0o700 })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
  }
  if (typeof process.getuid !== 'function') return true
  const made = fs.statSync(directory)
  return made.isDirectory() && made.uid === process.getuid() && (made.mode & 0o022) === 0
}

function enableCache(fs, path) {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return
  try {
    const directory = cacheDirectory(path)
    if (directory !== null && ensurePrivate(directory, fs, path)) builtin('module').enableCompileCache(directory)
  } catch {
    // Slower, and nothing else: a read-only home is no error.
  }
}

/**
 * `| head` closes the pipe: no stack trace. What the command does goes on, and so does its exit code. A full disk stops
 * no run either, but output that is not whole is no success.
 */
let isCut = false
function onStreamError(error) {
  if (isCut || error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return
  isCut = true
  process.stderr.write(`OUTPUT_UNWRITABLE  the output could not be written: ${error.message}\n`)
  process.once('exit', () => (process.exitCode ||= 3))
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exitCode = 3
}

function run() {
  if (!supported(process.versions.node)) {
    fail(`nyah needs Node ^22.19 or >=24.11; this is ${process.version} (${process.execPath})`)
    return
  }
  const fs = builtin('fs')
  const path = builtin('path')
  const root = path.dirname(import.meta.dirname)
  const argv = process.argv.slice(2)
  // No listener: oclif adds one of its own, which throws.
  const { emit } = process.stdout
  process.stdout.emit = function (event, ...rest) {
    return event === 'error' ? onStreamError(rest[0]) : emit.call(this, event, ...rest)
  }
  if (argv.length === 1 && argv[0] === '--version') {
    const { name, version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
    process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`)
    return
  }
  const bundle = path.join(root, 'dist', 'cli.cjs')
  if (!fs.existsSync(bundle)) {
    fail(`nyah is not built: ${bundle} is missing; run: npm run build`)
    return
  }
  process.stderr.on('error', () => {})
  process.env.OCLIF_DISABLE_ENGINE_WARNING = '1'
  enableCache(fs, path)
  builtin('module')
    .createRequire(import.meta.url)(bundle)
    .main(argv, root)
}

run()
