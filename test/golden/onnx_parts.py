"""The parts of a Stable Diffusion pipeline as they are exported to ONNX: inputs and outputs as optimum writes them."""

import torch


class TextEncoder(torch.nn.Module):
    """input_ids [B, S] -> last_hidden_state [B, S, D], pooler_output [B, D]."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        output = self.model(input_ids.long())
        return output.last_hidden_state, output.pooler_output


class UNet(torch.nn.Module):
    """sample [B, C, h, w], timestep [] or [1] or [B], encoder_hidden_states [B, S, D] -> [B, C, h, w]."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, sample, timestep, encoder_hidden_states):
        return self.model(sample, timestep, encoder_hidden_states, return_dict=False)[0]


class VaeEncoder(torch.nn.Module):
    """sample [B, 3, H, W] -> moments [B, 2C, h, w], or their mean [B, C, h, w]."""

    def __init__(self, model, mean_only: bool = False):
        super().__init__()
        self.model, self.mean_only = model, mean_only

    def forward(self, sample):
        moments = self.model.quant_conv(self.model.encoder(sample))
        return moments.chunk(2, 1)[0] if self.mean_only else moments


class VaeDecoder(torch.nn.Module):
    """latent_sample [B, C, h, w] (already divided by the scaling factor) -> [B, 3, H, W]."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, latent_sample):
        return self.model.decoder(self.model.post_quant_conv(latent_sample))
