#if LIBFUZZER
    /// What libFuzzer calls with each input; it has the main of its own.
    @c(LLVMFuzzerTestOneInput)
    public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        Check.run(Case(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    }
#else
    import Glibc

    /// Without libFuzzer: only the given files, so that a crash can be looked at in a debugger.
    @main
    struct Entry {
        static func main() {
            for path in CommandLine.arguments.dropFirst() {
                guard let file = fopen(path, "re") else { fatalError("\(path) cannot be read") }
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                let count = fread(&buffer, 1, buffer.count, file)
                fclose(file)
                Check.run(Case(buffer.prefix(count)))
            }
        }
    }
#endif
