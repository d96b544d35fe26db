/** A value with its labels, such as `{ device: 'CT room 1' }`. Labels never hold a UID or a value of a patient. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** All values of one figure. The name of a counter has no `_total` here: the text adds it. */
export interface MetricFamily {
  readonly name: string
  readonly kind: 'counter' | 'gauge'
  /** One sentence for people, without a line break. */
  readonly help: string
  readonly samples: readonly MetricSample[]
}

/** A figure without labels. Without a value (null, undefined) the family has no sample. */
export function gauge(name: string, help: string, value: number | null | undefined): MetricFamily {
  return { name, kind: 'gauge', help, samples: samplesOf(value) }
}

export function counter(name: string, help: string, value: number | null | undefined): MetricFamily {
  return { name, kind: 'counter', help, samples: samplesOf(value) }
}

/** One value for each key of `values`, under a label of this name. */
export function gaugesBy(
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, number | null>>,
): MetricFamily {
  return { name, kind: 'gauge', help, samples: samplesBy(label, values) }
}

export function countersBy(
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, number>>,
): MetricFamily {
  return { name, kind: 'counter', help, samples: samplesBy(label, values) }
}

const samplesOf = (value: number | null | undefined): MetricSample[] =>
  value === null || value === undefined ? [] : [{ labels: {}, value }]

const samplesBy = (label: string, values: Readonly<Record<string, number | null>>): MetricSample[] =>
  Object.entries(values).flatMap(([key, value]) =>
    value === null ? [] : [{ labels: { [label]: key }, value }],
  )
