#!/usr/bin/env node
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
import('../dist/console/ferry-center.js').catch((error) => {
  process.stderr.write(String(error.stack || error) + '\n')
  process.exit(1)
})
