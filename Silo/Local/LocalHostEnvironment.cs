using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace Dpark;

/// <summary>What services of a local run may ask of their host. Nothing of the program's own environment is read.</summary>
internal sealed class LocalHostEnvironment(string applicationName) : IHostEnvironment
{
    public string EnvironmentName { get; set; } = Microsoft.Extensions.Hosting.Environments.Production;

    public string ApplicationName { get; set; } = applicationName;

    public string ContentRootPath { get; set; } = AppContext.BaseDirectory;

    public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
}
