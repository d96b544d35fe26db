// The compiler carries only TypeScript; the schemas and the status page go beside the code that reads them.
import { cpSync, globSync } from 'node:fs'

for (const file of globSync(['src/**/schema/*.sql', 'src/**/*.html']))
  cpSync(file, file.replace(/^src/, 'dist'))
