// The compiler carries only TypeScript; the schemas and the pages go beside the code that reads them.
import { cpSync, globSync, rmSync } from 'node:fs'

// A schema file that has another name now must not stay beside its successor.
for (const folder of globSync('dist/**/schema')) rmSync(folder, { recursive: true })

for (const file of globSync(['src/**/schema/*.sql', 'src/**/*.html', 'src/pages/**/*.css']))
  cpSync(file, file.replace(/^src/, 'dist'))
