// Loaded with --import, it switches the syncs of files and folders off: the control under which a check of them must fail.
import fs from 'node:fs'
import { open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const handle = await open(import.meta.filename)
const prototype = Object.getPrototypeOf(handle)
await handle.close()
prototype.datasync = () => Promise.resolve()
prototype.sync = () => Promise.resolve()
fs.fdatasync = (_descriptor, done) => process.nextTick(done)
fs.fsync = fs.fdatasync
syncBuiltinESMExports()
