#!/usr/bin/env bash
# @nestjs/throttler 6.7.1 with Nest 11.2.10, run with Node 20.
#
# A limit that has a name answers 429 without `Retry-After`. The throttler adds the name to each of its headers: `Retry-After-short`,
# `X-RateLimit-Reset-short`. Several limits need names, so an application with two limits never sends the standard header, and clients that
# wait by `Retry-After` (RFC 9110, section 10.2.3) wait by guess. Without a name, or with the name `default`, the standard header is there.
#
# Workaround: read `Retry-After-*` as well and take the longest, or give the limit that matters the name `default`.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @nestjs/common@11.2.10 @nestjs/core@11.2.10 @nestjs/platform-express@11.2.10 \
    @nestjs/throttler@6.7.1 reflect-metadata@0.2.2 rxjs@7.8.2

cat >ask.mjs <<'JS'
import 'reflect-metadata';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';

async function refusal(limit) {
  class Pages {
    page() {
      return 'ok';
    }
  }
  Get()(Pages.prototype, 'page', Object.getOwnPropertyDescriptor(Pages.prototype, 'page'));
  Controller()(Pages);
  UseGuards(ThrottlerGuard)(Pages);
  class Application {}
  Module({ imports: [ThrottlerModule.forRoot([limit])], controllers: [Pages] })(Application);
  const application = await NestFactory.create(Application, { logger: false });
  await application.listen(0, '127.0.0.1');
  const { port } = application.getHttpServer().address();
  await fetch(`http://127.0.0.1:${port}/`);
  const refused = await fetch(`http://127.0.0.1:${port}/`);
  const names = [...refused.headers.keys()].filter((name) => name.startsWith('retry-after'));
  await application.close();
  return `${refused.status} ${names.join(', ') || 'nothing'}`;
}

const once = { limit: 1, ttl: 60_000 };
console.log(`no name:   ${await refusal(once)}`);
console.log(`"default": ${await refusal({ name: 'default', ...once })}`);
console.log(`"short":   ${await refusal({ name: 'short', ...once })}`);
JS

seen=$(node ask.mjs)
echo "$seen"
expected='no name:   429 retry-after
"default": 429 retry-after
"short":   429 retry-after-short'
if [ "$seen" != "$expected" ]; then
    echo "it is otherwise by now; expected was:" >&2
    echo "$expected" >&2
    exit 1
fi
