// The compiler carries only TypeScript; the numbered SQL files go beside the code that reads them.
import { cpSync, globSync } from 'node:fs'

for (const file of globSync('src/**/schema/*.sql')) cpSync(file, file.replace(/^src/, 'dist'))
