namespace Orleans.Runtime;

/// <summary>Something in the cluster that can be called through a reference.</summary>
public interface IAddressable;
