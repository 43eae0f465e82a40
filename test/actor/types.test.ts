// Types are checked when this file is compiled; what is run checks what declaration files and editors see.

import { fileURLToPath } from 'node:url'
import test from 'ava'
import { expectTypeOf } from 'expect-type'
import ts from 'typescript'
import type {
  ActorProxy,
  AnyProxy,
  Called,
  ConcreteClass,
  Remote,
  RemoteClass,
  SelfProxy,
  StreamCall,
} from '../../lib/actor/types.js'
import type { ActorRef, StreamItems } from '../../lib/index.js'

declare const remote: Remote
declare const stream: typeof import('../../lib/index.js').stream
declare function self<T extends object>(instance: T): SelfProxy<T>
declare function proxyOf<T>(): ActorProxy<T>
/** Its body is compiled, never run. */
function types(title: string, _check: () => unknown): void {
  test(title, (t) => t.pass())
}

const SYMBOL = Symbol('s')

class Account {
  balance = 0
  callback = (): number => 1
  static made = 0
  protected limit = 5
  #pin = 1
  private secret = 1
  constructor(
    readonly owner: string,
    opening = 0,
  ) {
    this.balance = opening
  }
  /** Adds to the balance. */
  deposit(amount: number): number {
    this.balance += amount
    return this.balance
  }
  async fetch(url: string): Promise<{ url: string; pin: number }> {
    return { url, pin: this.#pin + this.secret + this.limit }
  }
  nothing(): void {}
  fail(): never {
    throw new Error('no')
  }
  async failLater(): Promise<never> {
    throw new Error('no')
  }
  union(): number | Promise<string> {
    return 1
  }
  *items(n: number): Generator<number, string> {
    yield n
    return 'done'
  }
  async *pages(): AsyncGenerator<{ page: number }> {
    yield { page: 1 }
  }
  async *lines(): AsyncIterable<string> {
    yield 'a'
  }
  *words(): IterableIterator<string> {
    yield 'a'
  }
  list(): string[] {
    return []
  }
  echo<T extends string>(value: T): T {
    return value
  }
  over(value: string): string
  over(value: number): number
  over(value: string | number): string | number {
    return value
  }
  many(first: string, second?: number, ...rest: boolean[]): number {
    return rest.length + (second ?? 0) + first.length
  }
  get size(): number {
    return 1
  }
  get getter(): number {
    return 1
  }
  set setter(_value: number) {}
  peer(): ActorRef {
    return proxyOf<Account>().ref
  }
  onStart(): void {}
  onStop(): void {}
  onSignal(): void {}
  receive(): void {}
  // biome-ignore lint/suspicious/noThenProperty: what is tested is that a proxy has none
  then(): void {}
  ref(): number {
    return 1
  }
  toString(): string {
    return ''
  }
  valueOf(): number {
    return 1
  }
  hasOwnProperty(): boolean {
    return true
  }
  _internal(): number {
    return 1
  }
  [SYMBOL](): number {
    return 1
  }
  private hidden(): number {
    return this.inner()
  }
  protected inner(): number {
    return this.hidden()
  }
  parsed(text: string) {
    return JSON.parse(text)
  }

  // Its own proxy, from inside.
  viaSelf() {
    return self(this).deposit(1)
  }
  passesSelf(): void {
    const me: ActorProxy<Account> = self(this)
    expectTypeOf(me.ref).toEqualTypeOf<ActorRef>()
    // @ts-expect-error: a field
    self(this).balance.toFixed()
    // @ts-expect-error: private
    self(this).hidden()
    // @ts-expect-error: a hook
    self(this).onStart()
    // @ts-expect-error: a wrong argument
    self(this).deposit('1')
  }
}

types('contract 3.1: a plain method, sync or async, gives a promise of what it returns', () => {
  const proxy = proxyOf<Account>()
  expectTypeOf(proxy.deposit).toEqualTypeOf<(amount: number) => Promise<number>>()
  expectTypeOf(proxy.fetch).toEqualTypeOf<(url: string) => Promise<{ url: string; pin: number }>>()
  expectTypeOf(proxy.nothing).toEqualTypeOf<() => Promise<void>>()
  expectTypeOf(proxy.fail).toEqualTypeOf<() => Promise<never>>()
  expectTypeOf(proxy.failLater).toEqualTypeOf<() => Promise<never>>()
  expectTypeOf(proxy.union).toEqualTypeOf<() => Promise<number | string>>()
  expectTypeOf(proxy.list).toEqualTypeOf<() => Promise<string[]>>()
  expectTypeOf(proxy.peer).toEqualTypeOf<() => Promise<ActorRef>>()
  expectTypeOf(proxy.many).parameters.toEqualTypeOf<
    [first: string, second?: number | undefined, ...rest: boolean[]]
  >()
  // What a method says nothing of, its caller knows nothing of.
  expectTypeOf(proxy.parsed('')).resolves.toBeAny()
})

types(
  'contract 3.2: a generator, sync or async, gives a stream: iterated the items, awaited the return value',
  () => {
    const proxy = proxyOf<Account>()
    expectTypeOf(proxy.items).toEqualTypeOf<(n: number) => StreamCall<number, string>>()
    expectTypeOf(proxy.pages()).toEqualTypeOf<StreamCall<{ page: number }, unknown>>()
    expectTypeOf(proxy.lines()).toEqualTypeOf<StreamCall<string, unknown>>()
    expectTypeOf(proxy.words()).toEqualTypeOf<StreamCall<string, unknown>>()
    return async () => {
      const items = stream(proxy.items(1))
      expectTypeOf(items).toEqualTypeOf<StreamItems<number, string>>()
      expectTypeOf((await items.next()).value).toEqualTypeOf<number | string | undefined>()
      expectTypeOf(proxy.ref.asAny().items?.(1)).toEqualTypeOf<StreamCall<unknown, unknown> | undefined>()
      // @ts-expect-error: a plain call is no stream
      stream(proxy.deposit(1))
      for await (const item of proxy.items(1)) expectTypeOf(item).toEqualTypeOf<number>()
      expectTypeOf(await proxy.items(1)).toEqualTypeOf<string>()
      // @ts-expect-error: it is a promise only when asked for one
      proxy.items(1).catch(() => undefined)
      // @ts-expect-error: a plain result is no stream
      for await (const item of proxy.deposit(1)) console.log(item)
    }
  },
)

types('type parameters become their bounds, and of overloads the last one stays', () => {
  expectTypeOf(proxyOf<Account>().echo).toEqualTypeOf<(value: string) => Promise<string>>()
  expectTypeOf(proxyOf<Account>().over).toEqualTypeOf<(value: number) => Promise<number>>()
  expectTypeOf<Called<(this: Account, a: string) => 1>>().toEqualTypeOf<(a: string) => Promise<1>>()
  // @ts-expect-error: the first overload is gone
  proxyOf<Account>().over('a')
})

types('wrong calls are refused', () => {
  const proxy = proxyOf<Account>()
  // @ts-expect-error: no argument
  proxy.deposit()
  // @ts-expect-error: a wrong one
  proxy.deposit('1')
  // @ts-expect-error: one too many
  proxy.deposit(1, 2)
  // @ts-expect-error: no such method
  proxy.withdraw(1)
  // @ts-expect-error: a promise, not the number
  proxy.deposit(1).toFixed()
  // @ts-expect-error: a method of the proxy can't be put in its place
  proxy.deposit = () => Promise.resolve(1)
})

types('contract 3.10: what is not exposed is not there', () => {
  type Keys = keyof ActorProxy<Account>
  expectTypeOf<Keys>().toEqualTypeOf<
    | 'callback' // a field, but of the type of a method
    | 'deposit'
    | 'fetch'
    | 'nothing'
    | 'fail'
    | 'failLater'
    | 'union'
    | 'items'
    | 'pages'
    | 'lines'
    | 'words'
    | 'list'
    | 'echo'
    | 'over'
    | 'many'
    | 'peer'
    | 'parsed'
    | 'viaSelf'
    | 'passesSelf'
    | 'ref'
    | typeof Symbol.asyncDispose
  >()
  expectTypeOf(proxyOf<Account>().ref).toEqualTypeOf<ActorRef>()
  // @ts-expect-error: a field
  proxyOf<Account>().balance
  // @ts-expect-error: private
  proxyOf<Account>().hidden()
  // @ts-expect-error: so is a proxy no thenable
  proxyOf<Account>().then()
})

types('a proxy can be awaited, and is what it was', async () => {
  expectTypeOf(await proxyOf<Account>()).toEqualTypeOf<ActorProxy<Account>>()
})

types('self(this) is the typed proxy, inside the class and outside', () => {
  expectTypeOf(new Account('a').viaSelf()).toEqualTypeOf<Promise<number>>()
  class Savings extends Account {
    interest() {
      return self(this).deposit(2)
    }
  }
  expectTypeOf(new Savings('a').interest()).toEqualTypeOf<Promise<number>>()
})

types('the proxy of an unknown class has any method by name', async () => {
  const any = null as unknown as AnyProxy
  expectTypeOf(any.whatever).toBeCallableWith(1, 'two', {})
  expectTypeOf(await any.whatever?.(1)).toEqualTypeOf<unknown>()
  expectTypeOf(any.ref).toEqualTypeOf<ActorRef>()
  expectTypeOf(await any).toEqualTypeOf<AnyProxy>()
})

types('contract 1.2: remote as a function gives the class with typed statics', () => {
  const Remote = remote(import.meta.url, Account, { overflow: 'fail' })
  expectTypeOf(Remote).toEqualTypeOf<RemoteClass<typeof Account>>()
  expectTypeOf(Remote.made).toEqualTypeOf<number>()
  expectTypeOf(new Remote('a')).toEqualTypeOf<Account>()
  expectTypeOf(Remote.spawn).parameters.toEqualTypeOf<[owner: string, opening?: number | undefined]>()
  expectTypeOf(Remote.spawn('a')).toEqualTypeOf<Promise<ActorProxy<Account>>>()
  expectTypeOf(Remote.resolve('a')).toEqualTypeOf<Promise<ActorProxy<Account>>>()
  expectTypeOf(Remote.options({ name: 'a' }).spawn('a', 1)).toEqualTypeOf<Promise<ActorProxy<Account>>>()
  // @ts-expect-error: the constructor's argument is missing
  Remote.spawn()
  // @ts-expect-error: a wrong one
  Remote.spawn(1)
  // @ts-expect-error: a wrong one
  Remote.options({ name: 'a' }).spawn('a', 'b')
  // @ts-expect-error: spawn takes the arguments
  Remote.options({ args: ['a'] })
  // @ts-expect-error: no such option
  Remote.options({ nam: 'a' })
  // @ts-expect-error: no such value
  remote(import.meta.url, Account, { overflow: 'explode' })
  // @ts-expect-error: a name is given when it is spawned
  remote(import.meta.url, Account, { name: 'a' })
  // @ts-expect-error: an instance
  remote(import.meta.url, new Account('a'))
})

types('contract 1.2: remote as a statement and as a decorator leaves the type of the class as it is', () => {
  remote(new URL(import.meta.url), Account)
  @remote(import.meta.url, { type: 'Decorated', mailboxCapacity: 10 })
  class Decorated {
    // Private members do no harm.
    private readonly inner = 1
    get(by: number): number {
      return this.inner * by
    }
  }
  expectTypeOf<typeof Decorated>().toExtend<ConcreteClass>()
  // @ts-expect-error: a decorated class has no statics: pul.spawn(Decorated)
  Decorated.spawn()
  expectTypeOf(proxyOf<Decorated>().get).toEqualTypeOf<(by: number) => Promise<number>>()
  // @ts-expect-error: a decorator is for classes
  @remote(import.meta.url) // biome-ignore lint/correctness/noUnusedVariables: what is tested is that it can't be
  abstract class Abstract {}
})

types('an abstract class is refused: no instance of it can be made', () => {
  abstract class Shape {
    abstract area(): number
  }
  class Square extends Shape {
    area(): number {
      return 1
    }
  }
  // @ts-expect-error: abstract
  remote(import.meta.url, Shape)
  expectTypeOf(remote(import.meta.url, Square).spawn()).toEqualTypeOf<Promise<ActorProxy<Square>>>()
  expectTypeOf(proxyOf<Shape>().area).toEqualTypeOf<() => Promise<number>>()
})

types('contract 1.2: a subclass that is registered itself has statics of its own', () => {
  const Base = remote(
    import.meta.url,
    class Base {
      static kind = 'base'
      readonly size: number
      constructor(size: number) {
        this.size = size
      }
      grow(): number {
        return this.size + 1
      }
    },
  )
  const Derived = remote(
    import.meta.url,
    class Derived extends Base {
      readonly label: string
      constructor(label: string) {
        super(1)
        this.label = label
      }
      shout(): string {
        return this.label
      }
    },
  )
  expectTypeOf(Derived.spawn).parameters.toEqualTypeOf<[label: string]>()
  // @ts-expect-error: the arguments of the class above it
  Derived.spawn(1)
  expectTypeOf(Derived.kind).toEqualTypeOf<string>()
  expectTypeOf(new Derived('a').shout()).toEqualTypeOf<string>()
  return async () => {
    const proxy = await Derived.options({ name: 'd' }).spawn('a')
    expectTypeOf(proxy.shout()).toEqualTypeOf<Promise<string>>()
    expectTypeOf(proxy.grow()).toEqualTypeOf<Promise<number>>()
    class Third extends Derived {
      third(): number {
        return 3
      }
    }
    expectTypeOf(new Third('a').grow()).toEqualTypeOf<number>()
  }
})

types("a class's own static of such a name stays", () => {
  const Own = remote(
    import.meta.url,
    class Own {
      static spawn(): 'mine' {
        return 'mine'
      }
      get(): number {
        return 1
      }
    },
  )
  expectTypeOf(Own.spawn()).toEqualTypeOf<'mine'>()
  expectTypeOf(Own.resolve).parameters.toEqualTypeOf<[name: string]>()
})

types('generic classes keep their type parameters where they are made, and spawn by their bounds', () => {
  const Box = remote(
    import.meta.url,
    class Box<T extends string> {
      readonly value: T
      constructor(value: T) {
        this.value = value
      }
      get(): T {
        return this.value
      }
    },
  )
  expectTypeOf(new Box<'a'>('a').get()).toEqualTypeOf<'a'>()
  return async () => expectTypeOf((await Box.spawn('b')).get()).toEqualTypeOf<Promise<string>>()
})

// --- what a compiler and an editor say

const FOLDER = fileURLToPath(new URL('../../../test/actor/', import.meta.url))

function compile(text: string): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.esnext.decorators.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    declaration: true,
    skipLibCheck: true,
    types: ['node'],
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (file) => file === NAME || fileExists(file)
  host.readFile = (file) => (file === NAME ? text : readFile(file))
  host.getSourceFile = (file, ...rest) =>
    file === NAME ? ts.createSourceFile(file, text, rest[0]) : getSourceFile(file, ...rest)
  return ts.createProgram([NAME], options, host)
}

const NAME = `${FOLDER}made-by-test.ts`
const program = compile(`
  import type { Remote, ActorProxy } from '../../lib/actor/types.js'
  declare const remote: Remote
  export class Counter {
    private value = 0
    /** Adds one. */
    incr(): number { return ++this.value }
  }
  remote(import.meta.url, Counter)
  @remote(import.meta.url)
  export class Timer { private value = 0; tick(): number { return ++this.value } }
  export const Plain = remote(import.meta.url, class Plain { get() { return 1 } })
  export const plain = Plain.spawn()
  export const Sub = remote(import.meta.url, class Sub extends Plain { more() { return 'a' } })
  export const named = Sub.resolve('a')
  declare const proxy: ActorProxy<Counter>
  export const last = proxy.incr
`)

test('contract 1.2: with declaration files, a class with private members is registered by a statement or a decorator', (t) => {
  const file = program.getSourceFile(NAME)
  const diagnostics = [...ts.getPreEmitDiagnostics(program, file), ...program.getDeclarationDiagnostics(file)]
  t.deepEqual(
    diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    [],
  )
})

test('from a method of a proxy an editor finds its definition and its comment', (t) => {
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(NAME)
  const statement = file?.statements.at(-1) as ts.VariableStatement
  const access = statement.declarationList.declarations[0]?.initializer as ts.PropertyAccessExpression
  const symbol = checker.getSymbolAtLocation(access.name)
  t.is(symbol?.declarations?.[0]?.getText(file), 'incr(): number { return ++this.value }')
  t.is(ts.displayPartsToString(symbol?.getDocumentationComment(checker)), 'Adds one.')
})
