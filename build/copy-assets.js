// The compiler carries only TypeScript; the schemas and the pages go beside the code that reads them.
import { cpSync, globSync } from 'node:fs'

for (const file of globSync(['src/**/schema/*.sql', 'src/**/*.html', 'src/pages/**/*.css']))
  cpSync(file, file.replace(/^src/, 'dist'))
