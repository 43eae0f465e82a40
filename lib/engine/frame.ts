// What stands in the arena: the same table as native/core/frame.h, which explains it. binding.ts compares the two at load.

export const SIZE_MASK: number = (1 << 13) - 1
export const KIND_SHIFT = 13
export const KIND_MASK = 15
export const BLOCKS_BIT: number = 1 << 17
export const METHOD_SHIFT = 18
/** Methods of a class that a frame can name. */
export const MAX_METHODS: number = (1 << 14) - 3

export const CONTROL_BYTES: number = 32 * 1024
export const SEGMENT_HEADER_BYTES = 64
export const MAX_FRAME_BYTES: number = 4096 + 256
export const MAX_BATCH = 4096
export const MAX_SLOTS = 64

/** The slot of references to pools. */
export const POOL_SLOT = 0xff
export const ROUTE_CLOSE = 0x100
export const ROUTE_BLOCKS = 0x200

export const TELL = 0
export const CALL = 1
export const ASK = 2
export const SIGNAL = 3
export const VALUE = 4
export const ERROR = 5
export const ITEM = 6
export const END = 7
export const CREDIT = 8

/** Words of a frame before what it carries. */
export const HEADER_WORDS = 4
export const ASK_HEADER_WORDS = 8
export const ITEM_HEADER_WORDS = 6
export const CREDIT_WORDS = 6
/** In the count of an ask's arguments: its caller takes a stream, and how many items ahead stands higher. */
export const STREAMED: number = 1 << 15
export const WINDOW_SHIFT = 16
export const MAX_ARGUMENTS: number = STREAMED - 1
/** In an item, the index of its source stands above the slot. */
export const SOURCE_SHIFT = 8
export const BATCH_HEADER_WORDS = 4

/** Why a frame came back. */
export const BOUNCE_STOPPED = 1
export const BOUNCE_DROPPED = 2

// Words of a slot's control block.
export const CURSOR = 0
export const BATCH = 1
export const NEXT_GENERATION = 2
export const ASK_SEQUENCE = 3
export const UNDER_WAY = 4
export const LOCAL_WORK = 5
export const TURN = 6
export const NOTICES = 7
export const ACTORS = 8
export const CURRENT = 9
export const METHOD = 10
export const YIELD = 11
export const REFERENCED = 12
export const UNMANNED = 13
export const LOCAL_WAITING = 14
export const LOCAL_LOST = 15
export const LAST_CURRENT = 16
export const LAST_METHOD = 17
export const LONGEST_TURN = 18
export const TURNS = 20
export const TURN_BUCKETS = 32
export const DEAD_LETTERS = 52
export const UNOBSERVED = 53
export const RESTARTS = 54
export const SCHEDULE = 64
/** In an entry of the batch: as the one before it, a plain tell to the same actor. */
export const SAME: number = 1 << 30

/** In the order in which the addon lists them. */
export const LAYOUT: readonly number[] = [
  13,
  KIND_SHIFT,
  BLOCKS_BIT,
  METHOD_SHIFT,
  CONTROL_BYTES,
  SEGMENT_HEADER_BYTES,
  MAX_FRAME_BYTES,
  MAX_BATCH,
  SCHEDULE,
  POOL_SLOT,
  ROUTE_CLOSE,
  ROUTE_BLOCKS,
  TELL,
  CALL,
  ASK,
  SIGNAL,
  VALUE,
  ERROR,
  ITEM,
  END,
  CREDIT,
  CURSOR,
  BATCH,
  NEXT_GENERATION,
  ASK_SEQUENCE,
  UNDER_WAY,
  LOCAL_WORK,
  TURN,
  NOTICES,
  ACTORS,
  CURRENT,
  METHOD,
  YIELD,
  REFERENCED,
  UNMANNED,
  LOCAL_WAITING,
  LOCAL_LOST,
  LAST_CURRENT,
  LAST_METHOD,
  LONGEST_TURN,
  TURNS,
  TURN_BUCKETS,
  DEAD_LETTERS,
  UNOBSERVED,
  RESTARTS,
  MAX_SLOTS,
  SAME,
]

/** The first word of a message that stands in a block, where the tag of its first value would be. */
export const SPILLED = 0x7ff0_0001

// Kinds of notices.
export const NOTICE_ROOM = 1
export const NOTICE_ARENA_ROOM = 2
export const NOTICE_THREAD_DIED = 3
export const NOTICE_ASK_LOST = 4
export const NOTICE_POOL_CLOSED = 5

// Answers of port.account: room, and the overflow policy two bits higher.
export const ROOM_YES = 0
export const ROOM_FULL = 1
export const ROOM_GONE = 2
export const OVERFLOW_WAIT = 0
export const OVERFLOW_FAIL = 1
export const OVERFLOW_DROP_NEWEST = 2
export const OVERFLOW_DROP_OLDEST = 3
