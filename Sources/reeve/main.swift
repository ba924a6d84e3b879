import Glibc

exit(await Invocation(Array(CommandLine.arguments.dropFirst())).perform())
