import module from 'node:module'

// zod reads its messages in 65 languages, a file each; Ferry has its own words for what it checks. Whoever waits for
// `ferry status` need not wait for them.
module.registerHooks({
  resolve(specifier, context, next) {
    const isAll = specifier === '../locales/index.js' && /\/node_modules\/zod\//.test(context.parentURL ?? '')
    return next(isAll ? '../locales/en.js' : specifier, context)
  },
})
