export function runCli(argv: readonly string[]): void {
  console.log(process.version, argv)
}
