import { cpSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'
import { httpClient } from '../http-client.ts'
import { oneLanguage } from '../one-language.ts'
import { PAGE_PACKAGES } from '../page-packages.ts'
import { requiredBuiltins } from './required-builtins.ts'

/**
 * At the head of every file of a bundle. A compiled file asks for its own place (schemas, threads, examples, the version);
 * in the bundle it gets the place that it has in the repository, under the folder `app`.
 */
const HEAD = [
  "import { createRequire as __createRequire } from 'node:module'",
  "import { fileURLToPath as __toPath, URL as __URL } from 'node:url'",
  'const require = __createRequire(import.meta.url)',
  "const __filename = __toPath(import.meta.url), __dirname = __toPath(new __URL('.', import.meta.url))",
  "const __app = import.meta.url.slice(0, import.meta.url.lastIndexOf('/app/') + 5)",
  'const __urlOf = (file) => __app + file',
  "const __folderOf = (file) => __toPath(new __URL('.', __app + file)).slice(0, -1)",
].join(';')

const placesOfFiles: Plugin = {
  name: 'places-of-files',
  setup(bundle) {
    bundle.onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
      const file = relative(process.cwd(), path).replaceAll('\\', '/')
      if (!file.startsWith('dist/')) return undefined
      const text = readFileSync(path, 'utf8')
      return {
        contents: text
          .replaceAll('import.meta.url', `__urlOf(${JSON.stringify(file)})`)
          .replaceAll('import.meta.dirname', `__folderOf(${JSON.stringify(file)})`),
        resolveDir: dirname(path),
      }
    })
  },
}

interface BundleOptions {
  /** Compiled files that are started on their own. */
  readonly entries: readonly string[]
  /** The platform of the addon, such as `linux-x64`. */
  readonly platform: string
  /** The folder `app` of the staged tree. */
  readonly folder: string
}

/** Bundles a compiled program with its packages, assets and addon. Returns the names of the npm packages that are in it. */
export async function bundleProgram({ entries, platform, folder }: BundleOptions): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [...entries],
    outbase: '.',
    outdir: folder,
    chunkNames: 'chunks/[name]-[hash]',
    assetNames: 'chunks/[name]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    metafile: true,
    legalComments: 'none',
    // V8 keeps the source in memory. A comment with one character beyond Latin-1 doubles that of its whole file.
    minifyWhitespace: true,
    // A stack trace still names a line.
    lineLimit: 160,
    alias: {
      'better-sqlite3': `better-sqlite3/${platform}`,
      // Its CommonJS form is loaded on demand, and would have no named exports then.
      '@peculiar/x509': '@peculiar/x509/build/x509.es.js',
    },
    define: {
      // winston's packages then leave out what only developers of them use.
      'process.env.NODE_ENV': '"production"',
      // undici then leaves out its second parser of HTTP, which is off by default.
      esbuildDetection: 'true',
    },
    // Only Windows loads it, in src/platform/windows; there it is beside the bundle.
    external: ['koffi'],
    loader: { '.node': 'copy' },
    banner: { js: HEAD },
    plugins: [oneLanguage, httpClient, requiredBuiltins, placesOfFiles],
  })
  refuseLazyCommonJs(metafile)
  const inputs = Object.keys(metafile.inputs)
  copyAssets(folder, inputs)
  const ofPage = hasPage(inputs) ? PAGE_PACKAGES : []
  const names = [...inputs.map((file) => packageOf(file)), ...ofPage]
  return [...new Set(names.filter((name) => name !== undefined))].toSorted()
}

/** Such a package has only a default export in a bundle: code that takes names from it fails when it is loaded. */
function refuseLazyCommonJs({ inputs }: Metafile): void {
  for (const [file, { imports }] of Object.entries(inputs)) {
    for (const { path, kind } of file.startsWith('dist/') ? imports : []) {
      const name = packageOf(path)
      const isLazy = kind === 'dynamic-import' && inputs[path]?.format === 'cjs'
      if (isLazy && !TAKEN_BY_DEFAULT.has(name ?? ''))
        throw new Error(
          `${file} loads ${name} on demand, which is CommonJS: give esbuild an alias to its ES module`,
        )
    }
  }
}

const TAKEN_BY_DEFAULT: ReadonlySet<string> = new Set(['dcmjs-codecs'])

/** The program serves a page; the center's page has the style of the agent's. */
const hasPage = (inputs: readonly string[]): boolean =>
  inputs.some((file) => file.startsWith('dist/console/web/page-files'))

/** Files that are read at run time: each keeps the place that it has in the repository. */
function copyAssets(folder: string, inputs: readonly string[]): void {
  const read = new Set(inputs.map((file) => dirname(file)))
  const beside = globSync(['dist/**/schema/*.sql', 'dist/**/*.html']).filter((file) =>
    [dirname(file), dirname(dirname(file))].some((place) => read.has(place.replaceAll('\\', '/'))),
  )
  const page = hasPage(inputs) ? globSync('dist/pages/{agent,center}/*.{html,css,js}') : []
  for (const file of [...beside, ...page, ...globSync('config/*.example.yaml')]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(file, join(folder, file))
  }
  const codecs = 'node_modules/dcmjs-codecs/build/dcmjs-native-codecs.wasm'
  if (read.has(dirname(codecs))) cpSync(codecs, resolve(folder, 'chunks', 'dcmjs-native-codecs.wasm'))
}

/** `@scope/name` or `name` of a file under node_modules; undefined for a file of ours. */
function packageOf(file: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]
}
