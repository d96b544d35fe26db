// Makes one script of each page: its views and the packages that draw them. The browser gets it as it is, so that the page's
// policy can forbid every other script.
import { readFileSync } from 'node:fs'
import { build } from 'esbuild'
import { PAGE_PACKAGES } from './page-packages.ts'

/** Goes where the code goes. */
const licences = PAGE_PACKAGES.map(
  (name) => `${name}: ${readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()}`,
).join('\n\n')

await build({
  entryPoints: {
    'pages/agent/page': 'src/pages/agent/main.ts',
    'pages/center/page': 'src/pages/center/main.ts',
  },
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  legalComments: 'none',
  banner: { js: `/*!\n${licences}\n*/` },
})
