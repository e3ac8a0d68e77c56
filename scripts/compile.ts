import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type BuildOptions, buildSync } from 'esbuild'
import { docsAssets } from '../ts/api/docs-assets.ts'
import { type Build, readBuild, versionLine } from '../ts/cli/version.ts'
import { workerSources } from '../ts/worker-source.ts'

const root = join(import.meta.dirname, '..')

/**
 * Makes one executable for this machine: the server and each worker thread bundled, put into the Node that runs this
 * script. CommonJS, because `--build-sea` caches compiled code only for that; not minified, so that a stack can be
 * read. `--output` says where (default `dist/stowage`).
 */
function compile(output: string): void {
  const work = mkdtempSync(join(tmpdir(), 'stowage-compile-'))
  try {
    const build = readBuild()
    bundle(join(root, 'mod.ts'), join(work, 'main.js'), build)
    const assets = { ...bundleWorkers(work, build), ...packagedFiles() }
    writeFileSync(
      join(work, 'sea.json'),
      JSON.stringify({
        main: join(work, 'main.js'),
        output: join(work, 'stowage'),
        disableExperimentalSEAWarning: true,
        useCodeCache: true,
        assets,
      }),
    )
    execFileSync(process.execPath, ['--build-sea', join(work, 'sea.json')], { stdio: ['ignore', 'ignore', 'inherit'] })
    if (process.platform === 'darwin') execFileSync('codesign', ['--sign', '-', '--force', join(work, 'stowage')])
    install(join(work, 'stowage'), output)
    console.log(`${output}: ${versionLine(build)}, ${Math.round(statSync(output).size / 2 ** 20)} MiB`)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function bundle(entry: string, outfile: string, build: Build): void {
  const options: BuildOptions = {
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'cjs',
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    // Source runs from files and finds others beside itself; the executable never takes those branches.
    logOverride: { 'empty-import-meta': 'silent' },
    define: { STOWAGE_BUILD: JSON.stringify(build) },
  }
  if (buildSync(options).warnings.length > 0) throw new Error(`${entry} was bundled with warnings`)
}

/** Bundles every worker thread; the result names the assets as `startWorker` asks for them. */
function bundleWorkers(work: string, build: Build): Record<string, string> {
  const assets: Record<string, string> = {}
  for (const [name, source] of Object.entries(workerSources)) {
    const file = join(work, `worker-${name}.js`)
    bundle(join(root, 'ts', source), file, build)
    assets[`worker/${name}.js`] = file
  }
  return assets
}

/** Files of packages that the server answers with as they are. */
function packagedFiles(): Record<string, string> {
  return Object.fromEntries(Object.values(docsAssets).map(([name, path]) => [name, join(root, 'node_modules', path)]))
}

/** Replaces the target at once, also while the old one runs. */
function install(made: string, target: string): void {
  mkdirSync(join(target, '..'), { recursive: true })
  const beside = `${target}.${process.pid}`
  copyFileSync(made, beside)
  renameSync(beside, target)
}

const { values } = parseArgs({ options: { output: { type: 'string', default: join(root, 'dist/stowage') } } })
compile(values.output)
