#!/usr/bin/env node
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// Plain JavaScript that any Node can parse, so that one that is too old is told so instead of crashing in a native module.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    'ferry-center needs Node.js 24.12 or newer, and this is ' +
      process.versions.node +
      '. Install Node.js 24 LTS and start ferry-center again.\n',
  )
  process.exit(1)
}
// Half of what `ferry status` takes is the reading of modules. Lies with the code, so that nobody else can put anything there.
module.enableCompileCache(fileURLToPath(new URL('../dist/.compile-cache', import.meta.url)))
import('../dist/console/program/packages-in-one-file.js')
  .then(({ loadPackagesInOneFile }) => loadPackagesInOneFile())
  .then(() => import('../dist/console/program/ferry-center.js'))
  .catch((error) => {
    process.stderr.write(String(error.stack || error) + '\n')
    process.exit(1)
  })
