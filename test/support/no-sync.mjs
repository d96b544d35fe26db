// Loaded with --import, it switches the syncs of files and folders off: the control under which a check of them must fail.
import { open } from 'node:fs/promises'

const handle = await open(import.meta.filename)
const prototype = Object.getPrototypeOf(handle)
await handle.close()
prototype.datasync = () => Promise.resolve()
prototype.sync = () => Promise.resolve()
