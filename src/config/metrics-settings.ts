import { z } from 'zod'
import * as setting from './setting/setting.ts'

/** An address at which metrics and health are read by other machines; undefined = none. */
export interface MetricsSettings {
  readonly listen: { readonly host: string; readonly port: number } | undefined
}

/** `port`: the default one. */
export const metricsSchema = (port: string) =>
  z
    .strictObject({
      listen: z
        .strictObject({
          host: setting.host('Address of this machine; 0.0.0.0 = all of them').prefault('127.0.0.1'),
          port: setting.port('Port of /metrics, /livez and /readyz').prefault(port),
        })
        .optional(),
    })
    .transform(({ listen }): MetricsSettings => ({ listen }))
    .describe('Figures for Prometheus and answers to health probes, without patient data')
