// The exported function under a name that C knows; see Scripts/check-device.

@_cdecl("swift_predict")
public func swiftPredict(_ image: UnsafePointer<UInt8>, _ logits: UnsafeMutablePointer<Int8>) -> Int
{
  net_predict(image, logits)
}
