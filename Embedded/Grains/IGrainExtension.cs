namespace Orleans.Runtime;

/// <summary>More methods for grains of any class: a reference cast to the interface calls an object that lives beside the grain.</summary>
public interface IGrainExtension : IAddressable;
