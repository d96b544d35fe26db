// Puts zod and yaml into one file each, under dist/packages: read file by file (65 languages of zod's among them), they
// are two thirds of what `ferry status` takes. src/console/program/packages-in-one-file.ts makes the programs load these.
import { readFileSync } from 'node:fs'
import { build } from 'esbuild'
import { oneLanguage } from './one-language.ts'

/** yaml is CommonJS, and asks for modules of Node. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

/** Goes where the code goes. */
const licence = (name) => readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()

for (const name of ['zod', 'yaml']) {
  const exported = Object.keys(await import(name)).filter((one) => one !== 'default' && /^\w+$/.test(one))
  await build({
    stdin: { contents: `export { ${exported.join()} } from '${name}'`, resolveDir: import.meta.dirname },
    outfile: `dist/packages/${name}.js`,
    bundle: true,
    format: 'esm',
    platform: 'node',
    plugins: [oneLanguage],
    banner: { js: `/*!\n${licence(name)}\n*/\n${REQUIRE}` },
  })
}
