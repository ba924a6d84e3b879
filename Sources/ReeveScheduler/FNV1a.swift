/// The 64-bit FNV-1a hash of bytes, the same in each process.
struct FNV1a {
    private(set) var value: UInt64 = 14_695_981_039_346_656_037

    mutating func add(_ bytes: some Sequence<UInt8>) {
        value = bytes.reduce(value) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }
}
