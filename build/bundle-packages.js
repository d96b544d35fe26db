// Puts zod, yaml and the part of undici that is used into one file each, under dist/packages: read file by file (65 languages of
// zod's among them), zod and yaml are two thirds of what `ferry status` takes. src/console/program/packages-in-one-file.ts makes the programs load these.
import { readFileSync } from 'node:fs'
import { build } from 'esbuild'
import { httpClient } from './http-client.ts'
import { oneLanguage } from './one-language.ts'

/** yaml is CommonJS, and asks for modules of Node. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

/** Goes where the code goes. */
const licence = (name) => readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()

const namesOf = async (name) =>
  Object.keys(await import(name)).filter((one) => one !== 'default' && /^\w+$/.test(one))

const PACKAGES = { zod: await namesOf('zod'), yaml: await namesOf('yaml'), undici: ['Agent'] }

for (const [name, exported] of Object.entries(PACKAGES)) {
  await build({
    stdin: { contents: `export { ${exported.join()} } from '${name}'`, resolveDir: import.meta.dirname },
    outfile: `dist/packages/${name}.js`,
    bundle: true,
    format: 'esm',
    platform: 'node',
    plugins: [oneLanguage, httpClient],
    banner: { js: `/*!\n${licence(name)}\n*/\n${REQUIRE}` },
  })
}
