#!/bin/sh
':' //; exec "$(dirname "$(readlink -f "$0")")/scripts/node" "$(readlink -f "$0")" "$@"
// The line above is for the shell alone: it starts this file on the Node that package-lock.json pins.
import { runCli } from './ts/cli/cli.ts'

// With `node --watch` every worker thread would tell its imports to its owner, among the messages meant for that.
delete process.env['WATCH_REPORT_DEPENDENCIES']

runCli(process.argv.slice(2))
