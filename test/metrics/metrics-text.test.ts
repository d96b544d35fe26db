import { expect, test } from '@jest/globals'
import { counter, gauge, gaugesBy } from '../../src/metrics/metric-family.ts'
import { formatFor, metricsText } from '../../src/metrics/metrics-text.ts'

test('a counter is named with _total in every line of the old format, and only at its value in OpenMetrics', () => {
  const families = [counter('ferry_packs', 'Packs.', 3)]
  expect(metricsText(families, 'text')).toBe(
    '# HELP ferry_packs_total Packs.\n# TYPE ferry_packs_total counter\nferry_packs_total 3\n',
  )
  expect(metricsText(families, 'openMetrics')).toBe(
    '# HELP ferry_packs Packs.\n# TYPE ferry_packs counter\nferry_packs_total 3\n# EOF\n',
  )
})

test('quotes, backslashes, line breaks and broken characters in a label do not break the line', () => {
  const text = metricsText([gaugesBy('f', 'H.', 'device', { 'a"b\\c\nd\re\ud800': 1 })], 'text')
  expect(text.split('\n')[2]).toBe('f{device="a\\"b\\\\c\\nd e\ufffd"} 1')
})

test('a figure that is not known is left out, and infinity has its own word', () => {
  expect(metricsText([gauge('a', 'A.', null), gauge('b', 'B.', Number.POSITIVE_INFINITY)], 'text')).toBe(
    '# HELP b B.\n# TYPE b gauge\nb +Inf\n',
  )
})

test('a scraper that asks for OpenMetrics gets it, and every other one gets the text of Prometheus', () => {
  expect(formatFor('application/openmetrics-text;version=1.0.0,text/plain;q=0.5')).toBe('openMetrics')
  expect(formatFor('text/plain')).toBe('text')
  expect(formatFor(undefined)).toBe('text')
})
