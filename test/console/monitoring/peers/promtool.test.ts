import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { describeWith } from '../../../support/media/describe-with.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

describeWith(['promtool'], 'promtool', () => {
  test('promtool reads the alert rules, and each fires for the clinic in trouble alone', () => {
    const options = { encoding: 'utf8', stdio: 'pipe' } as const
    expect(execFileSync('promtool', ['check', 'rules', 'docs/monitoring/alerts.yaml'], options)).toContain(
      'SUCCESS',
    )
    const said = execFileSync('promtool', ['test', 'rules', 'docs/monitoring/alerts-test.yaml'], options)
    expect(said).toContain('SUCCESS')
  })

  test('the queries of the dashboard are queries', () => {
    const board: { panels: { targets: { expr: string }[] }[] } = JSON.parse(
      readFileSync('docs/monitoring/grafana.json', 'utf8'),
    )
    const queries = board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    expect(queries.length).toBeGreaterThan(15)
    const rules = queries.map((expr, i) => ({
      record: `r${i}`,
      expr: expr.replaceAll('$instance', '.*'),
    }))
    using folder = tempFolder()
    const file = folder.join('rules.yaml')
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'g', rules }] }))
    expect(execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toContain('SUCCESS')
  })
})
