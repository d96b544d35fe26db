import type { ShippedWork } from './licences.ts'
import type { PackagedProgram } from './programs.ts'

/**
 * Returns the list of everything that a package contains, as CycloneDX 1.6 JSON (ECMA-424). `time` is in seconds since 1970.
 */
export function sbom(
  { packageName, summary }: PackagedProgram,
  works: readonly ShippedWork[],
  { version, time, type = 'deb' }: { version: string; time: number; type?: 'deb' | 'generic' },
): string {
  const own = `pkg:${type}/${packageName}@${version}`
  const components = works.map((work) => {
    const purl = `pkg:npm/${work.npmName.replace('@', '%40')}@${work.version}`
    return {
      type: work.name === work.npmName ? 'library' : 'platform',
      'bom-ref': purl,
      name: work.name,
      version: work.version,
      licenses: [
        /^[\w.-]+$/.test(work.licence) ? { license: { id: work.licence } } : { expression: work.licence },
      ],
      purl,
    }
  })
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      component: {
        type: 'application',
        'bom-ref': own,
        name: packageName,
        version,
        description: summary,
        licenses: [{ license: { id: 'Apache-2.0' } }],
        purl: own,
      },
    },
    components,
    dependencies: [{ ref: own, dependsOn: components.map(({ purl }) => purl) }],
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
