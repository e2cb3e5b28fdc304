using Orleans.Runtime;

namespace Orleans;

/// <summary>A grain. Interfaces derive from one of the interfaces that name the kind of key.</summary>
public interface IGrain : IAddressable;

/// <summary>A grain whose key is a text.</summary>
public interface IGrainWithStringKey : IGrain;

/// <summary>A grain whose key is a number.</summary>
public interface IGrainWithIntegerKey : IGrain;

/// <summary>A grain whose key is a GUID.</summary>
public interface IGrainWithGuidKey : IGrain;

/// <summary>A grain whose key is a number with a text.</summary>
public interface IGrainWithIntegerCompoundKey : IGrain;

/// <summary>A grain whose key is a GUID with a text.</summary>
public interface IGrainWithGuidCompoundKey : IGrain;

/// <summary>An object of a client, or a grain, that is called back by grains.</summary>
public interface IGrainObserver : IAddressable;

/// <summary>A service of one silo that is called by naming the silo.</summary>
public interface ISystemTarget : IAddressable;
