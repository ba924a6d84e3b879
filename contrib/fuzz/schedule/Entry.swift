#if LIBFUZZER
    /// What libFuzzer calls with each input; it has the main of its own.
    @c(LLVMFuzzerTestOneInput)
    public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        _ = Check.run(Case(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    }
#else
    import Glibc

    /// Without libFuzzer: checks the given files, or mutates what a folder has for so many seconds, the same for the same
    /// seed.
    ///
    ///     schedule-fuzz FILE…
    ///     schedule-fuzz --seconds N [--seed N] FOLDER
    @main
    struct Loop {
        static func main() {
            var arguments = CommandLine.arguments.dropFirst()
            func option(_ name: String) -> UInt64? {
                guard let index = arguments.firstIndex(of: name), index + 1 < arguments.endIndex else { return nil }
                defer { arguments.removeSubrange(index...index + 1) }
                return UInt64(arguments[index + 1])
            }
            let seconds = option("--seconds")
            let seed = option("--seed") ?? 1
            let files = arguments.flatMap(names).compactMap { bytes($0) }
            var taken = files.count { Check.run(Case($0)) }
            var count = files.count
            if let seconds, !files.isEmpty {
                var mutator = Mutator(seed: seed, corpus: files)
                let end = ContinuousClock.now + .seconds(Int64(seconds))
                while ContinuousClock.now < end {
                    for _ in 0..<100 { taken += mutator.withNext { Check.run(Case($0)) } ? 1 : 0 }
                    count += 100
                }
            }
            print("\(count) inputs, \(taken) of them schedules; the slowest call took \(Slowest.words)")
        }

        /// A folder's files, or the file itself.
        private static func names(_ path: String) -> [String] {
            guard let stream = opendir(path) else { return [path] }
            defer { closedir(stream) }
            var names: [String] = []
            while let entry = readdir(stream) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if !name.hasPrefix(".") { names.append("\(path)/\(name)") }
            }
            return names.sorted()
        }

        private static func bytes(_ path: String) -> [UInt8]? {
            guard let file = fopen(path, "re") else { return nil }
            defer { fclose(file) }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = fread(&buffer, 1, buffer.count, file)
            return Array(buffer.prefix(count))
        }
    }
#endif
