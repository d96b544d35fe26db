import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// npm 10 and older: the packages with Node for other platforms have a link of the same name, node_modules/.bin/node, which
// npm takes away together with them. This puts the link back. It runs on the Node of the system, whatever its age.
const isWindows = process.platform === 'win32'
const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`
const [folder, file] = ['node_modules/.bin', isWindows ? 'node.exe' : 'node']
const link = join(folder, isWindows ? 'node.cmd' : 'node')

if (existsSync(join('node_modules', name, 'bin', file)) && !existsSync(link)) {
  mkdirSync(folder, { recursive: true })
  if (isWindows) {
    writeFileSync(link, `@"%~dp0..\\${name}\\bin\\node.exe" %*\r\n`)
    // For shells that know no .cmd, such as Git's.
    writeFileSync(join(folder, 'node'), `#!/bin/sh\nexec "$(dirname "$0")/../${name}/bin/node.exe" "$@"\n`)
  } else {
    chmodSync(join('node_modules', name, 'bin', file), 0o755)
    symlinkSync(join('..', name, 'bin', file), link)
  }
}
