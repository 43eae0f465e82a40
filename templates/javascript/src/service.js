// The routes. An actor's errors, and a full mailbox, are answers with a status.

import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

export function serviceOf(words) {
  return createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    try {
      if (request.method === 'POST' && pathname === '/texts') {
        answer(response, 200, { words: await words.count(await text(request)) })
      } else if (request.method === 'GET' && pathname === '/words') {
        answer(response, 200, await words.top())
      } else answer(response, 404, { error: 'There is: POST /texts, GET /words.' })
    } catch (error) {
      answer(response, 500, { error: error.message })
    }
  })
}

function answer(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}
