// Prints the table of kernel digests: a program for an emulated processor, which
// Scripts/check-neon compiles without the runtime libraries of Swift.
import PTrainKernelsBaseline

for row in KernelDigests(VariantKernels()).rows {
  let digits = String(row.digest, radix: 16)
  print(String(repeating: "0", count: 16 - digits.utf8.count) + digits + " " + row.name)
}
