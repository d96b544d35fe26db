import type { Plugin } from 'esbuild'

/** Zod reads its messages in every language, and Ferry has its own words for what it checks. */
export const oneLanguage: Plugin = {
  name: 'one-language',
  setup(bundle) {
    bundle.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ importer, kind, resolveDir }) =>
      /[\\/]zod[\\/]/.test(importer)
        ? bundle.resolve('../locales/en.js', { importer, kind, resolveDir })
        : undefined,
    )
  },
}
