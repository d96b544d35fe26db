import { readFileSync } from 'node:fs'
import { build } from 'esbuild'
import { oneLanguage } from './one-language.ts'

/** Some packages are CommonJS, and ask for modules of Node. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

/** Returns a package as one module with the same exports. Its licence goes where its code goes. */
export async function packageInOneFile(name: string): Promise<Uint8Array> {
  const exported = Object.keys((await import(name)) as object).filter(
    (one) => /^[\w$]+$/.test(one) && one !== 'module.exports',
  )
  const { outputFiles } = await build({
    stdin: { contents: `export { ${exported.join()} } from '${name}'`, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    plugins: [oneLanguage],
    banner: { js: `/*!\n${licenceOf(name)}\n*/\n${REQUIRE}` },
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error(`esbuild wrote nothing for ${name}`)
  return file.contents
}

function licenceOf(name: string): string {
  return readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()
}
