// Runs in a thread of piscina's: one exported function of a module.

export interface Task {
  readonly url: string
  /** The export: `default`, or another. */
  readonly name: string
  readonly args: readonly unknown[]
}

/** What a task gives: thrown errors reject it, these are errors of the call itself. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly unloadable: unknown }
  | { readonly exported: readonly string[] }

export async function run({ url, name, args }: Task): Promise<Outcome> {
  let module: Record<string, unknown>
  try {
    module = (await import(url)) as Record<string, unknown>
  } catch (error) {
    return { unloadable: error instanceof Error ? error : new Error(String(error)) }
  }
  const chosen = module[name]
  if (typeof chosen !== 'function') {
    return { exported: Object.keys(module).filter((key) => typeof module[key] === 'function') }
  }
  return { value: await chosen(...args) }
}
