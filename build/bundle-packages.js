// Puts zod and yaml into one file each, under dist/packages: read file by file (65 languages of zod's among them), they
// are two thirds of what `ferry status` takes. src/console/program/packages-in-one-file.ts makes the programs load these.
import { mkdirSync, writeFileSync } from 'node:fs'
import { packageInOneFile } from './package-in-one-file.ts'

mkdirSync('dist/packages', { recursive: true })
for (const name of ['zod', 'yaml']) writeFileSync(`dist/packages/${name}.js`, await packageInOneFile(name))
